// Goal: with several managers nothing breaks either, whoever leads. Half of the seeds: files run in parallel.
import { runManagerSeeds } from "./run-seeds.ts";

runManagerSeeds(1, 25);
