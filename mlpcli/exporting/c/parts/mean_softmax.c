/* The logarithm of the mean of softmax(z) of several networks, (members, count). */
static void mean_softmax(double *z, int members, int count, double *scores)
{
    int k, i;

    for (k = 0; k < members; k++) {
        double all = log_sum_exp(z + k * count, count, 1);
        for (i = 0; i < count; i++) {
            z[k * count + i] -= all;
        }
    }
    for (i = 0; i < count; i++) {
        scores[i] = log_sum_exp(z + i, members, count) - log((double)members);
    }
}
