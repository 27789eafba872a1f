/* Sends ten events to mpsc_receiver.c, or core/examples/mpsc_receiver.rs. In two terminals or more, in any order:
 *
 *     cc -o mpsc_sender ffi/examples/mpsc_sender.c $(pkg-config --cflags --libs memlane) && ./mpsc_sender
 *     cc -o mpsc_receiver ffi/examples/mpsc_receiver.c $(pkg-config --cflags --libs memlane) && ./mpsc_receiver
 *
 * The receiver ends when nothing and no sender is left. It removes the channel then. */
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
    int event;

    check(memlane_channel_open(&channel, "example-events", MEMLANE_MPSC, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_sender_new(channel, &tx));
    for (event = 1; event <= 10; event++) {
        int length = snprintf(text, sizeof text, "event %d", event);
        check(memlane_send(tx, text, (size_t)length, -1)); /* -1: waits while this sender's own lane is full */
    }
    check(memlane_sender_close(tx)); /* leaves: without this, the receiver takes the program's end for a death */
    check(memlane_channel_close(channel));
    return 0;
}
