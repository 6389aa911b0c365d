/* z times a factor for each unit. */
static void factors(real *z, const real *factor, int units)
{
    int i;

    for (i = 0; i < units; i++) {
        z[i] = rounded((double)z[i] * (double)factor[i]);
    }
}
