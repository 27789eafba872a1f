/* A channel, one message, and everything closed again. docs/c.md says how to compile it. */
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
    memlane_channel ch;
    memlane_sender tx;
    memlane_receiver rx; /* usually in another process */
    char text[64];
    size_t length;

    check(memlane_channel_open(&ch, "hello", MEMLANE_SPSC, MEMLANE_OPEN_OR_CREATE, NULL));
    check(memlane_sender_new(ch, &tx));
    check(memlane_receiver_new(ch, NULL, &rx));

    check(memlane_send(tx, "hello", 5, -1));                       /* waits while the channel is full */
    check(memlane_recv(rx, text, sizeof text, &length, NULL, -1)); /* waits while it is empty */
    printf("%.*s\n", (int)length, text);

    check(memlane_sender_close(tx)); /* without this, the others take the program's end for a death */
    check(memlane_receiver_close(rx));
    check(memlane_channel_remove(ch)); /* without this, the channel stays, for the next program */
    check(memlane_channel_close(ch));
    return 0;
}
