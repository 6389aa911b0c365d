/* 1 where the level is, else 0. */
static void one_hot(int level, int count, real *out)
{
    int i;

    for (i = 0; i < count; i++) {
        out[i] = (real)(i == level);
    }
}
