/* cos(2 pi w x + b) W + bias, then x: frequencies cosines, mixed sums. `memory` has room for the cosines. */
static void waves(double x, int frequencies, int mixed, const real *frequency, const real *phase, const real *weight,
    const real *bias, real *memory, real *out)
{
    int i, j;

    for (i = 0; i < frequencies; i++) {
        memory[i] = rounded(cos(6.283185307179586 * (double)frequency[i] * x + (double)phase[i]));
    }
    for (j = 0; j < mixed; j++) {
        double sum = (double)bias[j];
        for (i = 0; i < frequencies; i++) {
            sum += (double)memory[i] * (double)weight[j * frequencies + i];
        }
        out[j] = rounded(sum);
    }
    out[mixed] = rounded(x);
}
