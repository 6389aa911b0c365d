/* z = z + alpha (phi(z) - z), unit by unit. */
static void activate_in_part(real *z, int units, double (*phi)(double), const real *alpha)
{
    int i;

    for (i = 0; i < units; i++) {
        double score = (double)z[i];
        z[i] = rounded(score + (phi(score) - score) * (double)alpha[i]);
    }
}
