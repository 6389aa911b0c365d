/* z = z + x. */
static void add(real *z, const real *x, int units)
{
    int i;

    for (i = 0; i < units; i++) {
        z[i] = rounded((double)z[i] + (double)x[i]);
    }
}
