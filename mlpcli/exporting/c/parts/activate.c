/* z = phi(z), unit by unit. */
static void activate(real *z, int units, double (*phi)(double))
{
    int i;

    for (i = 0; i < units; i++) {
        z[i] = rounded(phi((double)z[i]));
    }
}
