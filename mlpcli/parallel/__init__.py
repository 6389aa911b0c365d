"""Work that several workers do at once, each its own part: in turn, in threads, or in processes.

What two processes buy, of a step of 784-512-512-10 with batches of 256, and of 28-300-300-2 with 1,024: on a
quiet machine one thread takes 1.5 and 1.8 times as long as they do, two threads of the linear algebra library
1.2 and 1.1 times. Those wait for each other busily: where others want the processors too, they take 9 and 5
times as long, and one thread 0.8 and 1.0 times (python tests/benchmarks/decisions.py --only pool).
"""
