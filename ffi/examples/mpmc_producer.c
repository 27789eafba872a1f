/* Hands out twenty jobs to mpmc_worker.c, or core/examples/mpmc_worker.rs. In two terminals or more, in any order:
 *
 *     cc -o mpmc_producer ffi/examples/mpmc_producer.c $(pkg-config --cflags --libs memlane) && ./mpmc_producer
 *     cc -o mpmc_worker ffi/examples/mpmc_worker.c $(pkg-config --cflags --libs memlane) && ./mpmc_worker
 *
 * A worker ends when no job and no producer is left. The last worker removes the channel. */
#include <memlane.h>
#include <stdio.h>
#include <stdlib.h>

static void check(memlane_status status) {
    if (status < 0) {
        fprintf(stderr, "%s\n", memlane_last_error_detail());
        exit(1);
    }
}

int main(void) {
    memlane_channel channel;
    memlane_sender tx;
    char text[32];
    int job;

    check(memlane_channel_open(&channel, "example-jobs", MEMLANE_MPMC, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_sender_new(channel, &tx));
    for (job = 1; job <= 20; job++) {
        int length = snprintf(text, sizeof text, "job %d", job);
        check(memlane_send(tx, text, (size_t)length, -1)); /* -1: waits while every slot is in use */
    }
    check(memlane_sender_close(tx)); /* leaves: without this, the workers take the program's end for a death */
    check(memlane_channel_close(channel));
    return 0;
}
