/* Prints all news: those of broadcast_sender.c, or core/examples/broadcast_sender.rs. In two terminals or more, in any order:
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
    memlane_receiver rx;
    memlane_status status;
    char text[32];
    size_t length;
    check(memlane_channel_open(&channel, "example-news", MEMLANE_BROADCAST, MEMLANE_OPEN_OR_CREATE, NULL));
    /* What was sent before it came, too. */
    check(memlane_receiver_new_from(channel, MEMLANE_START_OLDEST, 0, &rx));
    /* -1: waits while there is nothing. MEMLANE_LAGGED is no failure where the sender does not wait for its receivers. */
    while ((status = memlane_recv(rx, text, sizeof text, &length, NULL, -1)) != MEMLANE_DISCONNECTED) {
        check(status);
        printf("%.*s\n", (int)length, text);
    }
    check(memlane_receiver_close(rx));
    status = memlane_channel_remove(channel);
    if (status != MEMLANE_IN_USE && status != MEMLANE_NOT_FOUND) check(status); /* another one removes it */
    check(memlane_channel_close(channel));
    return 0;
}
