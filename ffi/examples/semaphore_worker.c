/* Uses one of two licences, as core/examples/semaphore_holder.rs does, beside which it can run. In as many terminals as you like:
 *
 *     cc -o semaphore_worker ffi/examples/semaphore_worker.c $(pkg-config --cflags --libs memlane) && ./semaphore_worker
 *
 * Two of them work at a time. Kill one (kill -9) while it works: the next one gets its licence. The last one to end removes the channel. */
#include <memlane.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(memlane_status status) {
    if (status < 0) {
        fprintf(stderr, "%s\n", memlane_last_error_detail());
        exit(1);
    }
}

int main(void) {
    memlane_options options;
    memlane_channel channel;
    memlane_semaphore licences;
    int job;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.permits = 2;
    check(memlane_channel_open(&channel, "example-licences", MEMLANE_SEMAPHORE, MEMLANE_OPEN_OR_CREATE, &options));
    check(memlane_semaphore_new(channel, &licences));
    for (job = 1; job <= 3; job++) {
        memlane_permit permit;
        check(memlane_semaphore_acquire(licences, 1, &permit, -1)); /* waits while two others work */
        printf("job %d\n", job);
        check(memlane_permit_release(permit)); /* the next one may work */
    }
    check(memlane_semaphore_close(licences));
    check(memlane_channel_close(channel));
    (void)memlane_remove("example-licences"); /* unless another one still uses it */
    return 0;
}
