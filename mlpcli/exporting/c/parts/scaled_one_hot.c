/* ones[i] where the level is i, else zeros[i]. */
static void scaled_one_hot(int level, const double *zeros, const double *ones, int count, real *out)
{
    int i;

    for (i = 0; i < count; i++) {
        out[i] = rounded(i == level ? ones[i] : zeros[i]);
    }
}
