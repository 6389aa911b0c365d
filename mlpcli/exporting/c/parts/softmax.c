/* e^z, divided by their sum. */
static void softmax(const double *z, double *out, int count)
{
    double most = z[0], total = 0.0;
    int i;

    for (i = 1; i < count; i++) {
        most = fmax(most, z[i]);
    }
    for (i = 0; i < count; i++) {
        out[i] = exp(z[i] - most);
        total += out[i];
    }
    for (i = 0; i < count; i++) {
        out[i] /= total;
    }
}
