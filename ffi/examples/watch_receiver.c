/* Prints a limit, and each change that it comes to see, until it is 10: those of watch_sender.c, or core/examples/watch_sender.rs.
 *
 *     cc -o watch_receiver ffi/examples/watch_receiver.c $(pkg-config --cflags --libs memlane) && ./watch_receiver
 *     cc -o watch_sender ffi/examples/watch_sender.c $(pkg-config --cflags --libs memlane) && ./watch_sender
 *
 * In two terminals or more, in any order. The last receiver to end removes the channel. */
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
    memlane_getter rx;
    memlane_status status;
    char text[32];
    size_t length, senders = 0;
    uint64_t version = 0;
    check(memlane_channel_open(&channel, "example-limit", MEMLANE_WATCH, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_getter_new(channel, &rx));
    while (version < 10 || senders > 0) { /* behind the last value, until its sender has left */
        status = memlane_changed(rx, text, sizeof text, &length, -1);
        if (status == MEMLANE_DISCONNECTED) break;
        check(status);
        check(memlane_version_seen(rx, &version));
        printf("%.*s (version %llu)\n", (int)length, text, (unsigned long long)version);
        check(memlane_channel_peers(channel, &senders, NULL));
    }
    check(memlane_getter_close(rx));
    status = memlane_channel_remove(channel);
    if (status != MEMLANE_IN_USE && status != MEMLANE_NOT_FOUND) check(status); /* another one removes it */
    return memlane_channel_close(channel) == MEMLANE_OK ? 0 : 1;
}
