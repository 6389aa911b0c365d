/* factor (z - mean) / sqrt(variance + epsilon) + shift, by the mean and the variance of the units. Squares
   beyond the precision of the network are infinite, and then nothing but the shift is left. */
static void layer_norm(real *z, const real *factor, const real *shift, double epsilon, int units)
{
    double mean = 0.0, variance = 0.0, root;
    int i;

    for (i = 0; i < units; i++) {
        mean += (double)z[i];
    }
    mean /= units;
    for (i = 0; i < units; i++) {
        z[i] = rounded((double)z[i] - mean);
        variance += (double)rounded((double)z[i] * (double)z[i]);
    }
    root = sqrt(variance / units + epsilon);
    for (i = 0; i < units; i++) {
        z[i] = rounded((double)z[i] / root * (double)factor[i] + (double)shift[i]);
    }
}
