/* log of the sum of e^z, of numbers that are so far apart in memory. */
static double log_sum_exp(const double *z, int count, int apart)
{
    double most = z[0], total = 0.0;
    int i;

    for (i = 1; i < count; i++) {
        most = fmax(most, z[i * apart]);
    }
    for (i = 0; i < count; i++) {
        total += exp(z[i * apart] - most);
    }
    return most + log(total);
}
