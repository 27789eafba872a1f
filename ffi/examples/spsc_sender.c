/* Sends ten prices to one receiver: spsc_receiver.c, or core/examples/spsc_receiver.rs. In two terminals, in any order:
 *
 *     cc -o spsc_sender ffi/examples/spsc_sender.c $(pkg-config --cflags --libs memlane) && ./spsc_sender
 *     cc -o spsc_receiver ffi/examples/spsc_receiver.c $(pkg-config --cflags --libs memlane) && ./spsc_receiver
 *
 * The receiver removes the channel at the end. */
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
    int price;

    check(memlane_channel_open(&channel, "example-prices", MEMLANE_SPSC, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_sender_new(channel, &tx));
    for (price = 100; price < 110; price++) {
        int length = snprintf(text, sizeof text, "price %d", price);
        check(memlane_send(tx, text, (size_t)length, -1)); /* -1: waits while the channel is full */
    }
    check(memlane_sender_close(tx)); /* leaves: without this, the receiver takes the program's end for a death */
    check(memlane_channel_close(channel));
    return 0;
}
