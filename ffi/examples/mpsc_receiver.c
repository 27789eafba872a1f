/* Prints what many senders send: mpsc_sender.c, or core/examples/mpsc_sender.rs. In two terminals or more, in any order:
 *
 *     cc -o mpsc_receiver ffi/examples/mpsc_receiver.c $(pkg-config --cflags --libs memlane) && ./mpsc_receiver
 *     cc -o mpsc_sender ffi/examples/mpsc_sender.c $(pkg-config --cflags --libs memlane) && ./mpsc_sender
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
    memlane_receiver rx;
    memlane_status status;
    char text[32];
    size_t length;

    check(memlane_channel_open(&channel, "example-events", MEMLANE_MPSC, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_receiver_new(channel, NULL, &rx));
    /* -1: waits while every lane is empty. It ends when all senders have left, or died, and everything was received. */
    while ((status = memlane_recv(rx, text, sizeof text, &length, NULL, -1)) != MEMLANE_DISCONNECTED) {
        check(status);
        printf("%.*s\n", (int)length, text);
    }
    check(memlane_receiver_close(rx));
    check(memlane_channel_remove(channel)); /* without this, the channel stays, for the next senders and receiver */
    check(memlane_channel_close(channel));
    return 0;
}
