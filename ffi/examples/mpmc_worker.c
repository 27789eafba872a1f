/* Takes the jobs of mpmc_producer.c, or core/examples/mpmc_producer.rs. In two terminals or more, in any order:
 *
 *     cc -o mpmc_worker ffi/examples/mpmc_worker.c $(pkg-config --cflags --libs memlane) && ./mpmc_worker
 *     cc -o mpmc_producer ffi/examples/mpmc_producer.c $(pkg-config --cflags --libs memlane) && ./mpmc_producer
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
    memlane_receiver rx;
    memlane_message job;
    memlane_status status;

    check(memlane_channel_open(&channel, "example-jobs", MEMLANE_MPMC, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_receiver_new(channel, NULL, &rx));
    /* Nobody else has a job that was taken. If this process dies before it acknowledges it, another worker gets it. */
    while ((status = memlane_take(rx, &job, -1)) != MEMLANE_DISCONNECTED) {
        check(status);
        printf("%.*s\n", (int)job.length, (const char *)job.data);
        check(memlane_ack(&job));
    }
    check(memlane_receiver_close(rx));
    status = memlane_channel_remove(channel);
    if (status != MEMLANE_IN_USE && status != MEMLANE_NOT_FOUND) { /* then another worker removes it */
        check(status);
    }
    check(memlane_channel_close(channel));
    return 0;
}
