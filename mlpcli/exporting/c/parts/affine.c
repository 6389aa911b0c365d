/* z = x W + b; the weights of one output after the other. b may be NULL. Sums are in double precision. */
static void affine(const real *x, int inputs, const real *weight, const real *bias, real *z, int outputs)
{
    int i, j;

    for (j = 0; j < outputs; j++, weight += inputs) {
        double sum = 0.0;
        for (i = 0; i < inputs; i++) {
            sum += (double)x[i] * (double)weight[i];
        }
        z[j] = rounded(bias == NULL ? sum : sum + (double)bias[j]);
    }
}
