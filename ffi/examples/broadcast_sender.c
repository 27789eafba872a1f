/* Sends ten items of news to all receivers: broadcast_receiver.c, or core/examples/broadcast_receiver.rs. In two terminals or more, in any
 * order:
 *
 *     cc -o broadcast_receiver ffi/examples/broadcast_receiver.c $(pkg-config --cflags --libs memlane) && ./broadcast_receiver
 *     cc -o broadcast_sender ffi/examples/broadcast_sender.c $(pkg-config --cflags --libs memlane) && ./broadcast_sender
 *
 * A receiver ends when it has everything and the sender has left. The last one to end removes the channel. */
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
    int item;

    check(memlane_channel_open(&channel, "example-news", MEMLANE_BROADCAST, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_sender_new(channel, &tx));
    for (item = 1; item <= 10; item++) {
        int length = snprintf(text, sizeof text, "item %d", item);
        check(memlane_send(tx, text, (size_t)length, -1)); /* -1: waits while the slowest receiver is a whole ring behind */
    }
    check(memlane_sender_close(tx)); /* leaves: without this, receivers take the program's end for a death */
    check(memlane_channel_close(channel));
    return 0;
}
