"""Where the encoded rows of a training lie: in memory, or in a store, and what may be asked of them there."""
