/* Sets a limit ten times, for watch_receiver.c, or core/examples/watch_receiver.rs. In two terminals or more, in any order:
 *
 *     cc -o watch_sender ffi/examples/watch_sender.c $(pkg-config --cflags --libs memlane) && ./watch_sender
 *     cc -o watch_receiver ffi/examples/watch_receiver.c $(pkg-config --cflags --libs memlane) && ./watch_receiver
 *
 * A receiver ends with the last value. The last one to end removes the channel. */
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
    memlane_setter tx;
    char text[32];
    int limit;

    check(memlane_channel_open(&channel, "example-limit", MEMLANE_WATCH, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_setter_new(channel, &tx));
    for (limit = 1; limit <= 10; limit++) {
        int length = snprintf(text, sizeof text, "limit %d", limit);
        check(memlane_set(tx, text, (size_t)length, NULL)); /* waits for nobody */
    }
    check(memlane_setter_close(tx)); /* leaves: the last value stays */
    check(memlane_channel_close(channel));
    return 0;
}
