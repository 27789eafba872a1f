/* Prints what one sender sends: spsc_sender.c, or core/examples/spsc_sender.rs. In two terminals, in any order:
 *
 *     cc -o spsc_receiver ffi/examples/spsc_receiver.c $(pkg-config --cflags --libs memlane) && ./spsc_receiver
 *     cc -o spsc_sender ffi/examples/spsc_sender.c $(pkg-config --cflags --libs memlane) && ./spsc_sender
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
    memlane_receiver rx;
    memlane_status status;
    char text[32];
    size_t length;

    check(memlane_channel_open(&channel, "example-prices", MEMLANE_SPSC, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_receiver_new(channel, NULL, &rx));
    /* -1: waits while the channel is empty. It ends when the sender has left, or died, and everything was received. */
    while ((status = memlane_recv(rx, text, sizeof text, &length, NULL, -1)) != MEMLANE_DISCONNECTED) {
        check(status);
        printf("%.*s\n", (int)length, text);
    }
    check(memlane_receiver_close(rx));
    check(memlane_channel_remove(channel)); /* without this, the channel stays, for the next sender and receiver */
    check(memlane_channel_close(channel));
    return 0;
}
