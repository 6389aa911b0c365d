"""Work that several workers do at once, each its own part: in turn, in threads, or in processes.

What two processes buy, of a step of 784-512-512-10 with batches of 256, and of 28-300-300-2 with 1,024: one
thread alone has 1.5 and 1.6 times as much to do as either of them has. Two threads of the linear algebra
library wait for each other busily: where others want the processors too they take 9 and 5 times as long as
two processes, and one thread 0.8 and 1.0 times (python tests/benchmarks/decisions.py --only pool).
"""
