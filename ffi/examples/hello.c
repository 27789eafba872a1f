/* cc hello.c $(pkg-config --cflags --libs memlane) && ./a.out */
#include <memlane.h>
#include <stdio.h>

int main(void) {
    memlane_channel ch;
    memlane_sender tx;
    memlane_receiver rx; /* usually in another process */
    char text[64];
    size_t length;
    if (memlane_channel_open(&ch, "hello", MEMLANE_SPSC, MEMLANE_OPEN_OR_CREATE, NULL) < 0 ||
        memlane_sender_new(ch, &tx) < 0 || memlane_receiver_new(ch, NULL, &rx) < 0 ||
        memlane_send(tx, "hello", 5, -1) < 0 || /* waits while the channel is full */
        memlane_recv(rx, text, sizeof text, &length, NULL, -1) < 0) /* waits while it is empty */
        return fprintf(stderr, "%s\n", memlane_last_error_detail()), 1;
    return printf("%.*s\n", (int)length, text) < 0;
}
