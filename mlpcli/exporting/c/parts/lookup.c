/* The vector of a code from its table, zeros for -1. */
static void lookup(double code, const real *table, int width, real *out)
{
    int i;

    for (i = 0; i < width; i++) {
        out[i] = code < 0.0 ? (real)0.0 : table[(int)code * width + i];
    }
}
