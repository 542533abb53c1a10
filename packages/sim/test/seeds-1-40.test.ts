// Goal: nothing breaks and everything comes to rest, whatever fails. Half of the seeds: files run in parallel.
import { runSeeds } from "./run-seeds.ts";

runSeeds(1, 40);
