/* (z - mean) factor + shift, unit by unit. */
static void running_norm(real *z, const real *mean, const real *factor, const real *shift, int units)
{
    int i;

    for (i = 0; i < units; i++) {
        z[i] = rounded(((double)z[i] - (double)mean[i]) * (double)factor[i] + (double)shift[i]);
    }
}
