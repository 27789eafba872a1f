/* One thread sending to itself, for counting instructions: benches/instructions.sh. The functions to look at are hot_send,
 * hot_recv, hot_send_batch and hot_recv_batch; the other direction goes through functions of other names.
 *
 *     hot_path send|recv|send_batch|recv_batch spsc|mpmc MESSAGES BYTES        in turns of 1,000 */
#include "memlane.h"
#include <stdlib.h>
#include <string.h>

enum { TURN = 1000, BATCH = 50, BYTES_MAX = 64 };

static const char message[BYTES_MAX] = "so many bytes";

static void must(memlane_status status) {
    if (status < 0) {
        abort();
    }
}

__attribute__((noinline)) static void hot_send(memlane_sender sender, size_t bytes) {
    int turn;
    for (turn = 0; turn < TURN; turn++) {
        must(memlane_send(sender, message, bytes, -1));
    }
}

__attribute__((noinline)) static void hot_recv(memlane_receiver receiver, size_t bytes) {
    char buffer[BYTES_MAX];
    size_t length;
    int turn;
    for (turn = 0; turn < TURN; turn++) {
        must(memlane_recv(receiver, buffer, bytes, &length, NULL, -1));
    }
}

__attribute__((noinline)) static void hot_send_batch(memlane_sender sender, size_t bytes) {
    memlane_bytes messages[BATCH];
    int turn;
    for (turn = 0; turn < BATCH; turn++) {
        messages[turn].data = message;
        messages[turn].length = bytes;
    }
    for (turn = 0; turn < TURN; turn += BATCH) {
        must(memlane_send_batch(sender, messages, BATCH, NULL, -1));
    }
}

__attribute__((noinline)) static void hot_recv_batch(memlane_receiver receiver) {
    memlane_bytes messages[BATCH];
    char buffer[BYTES_MAX * BATCH];
    size_t received;
    int turn;
    for (turn = 0; turn < TURN; turn += (int)received) {
        must(memlane_recv_batch(receiver, buffer, sizeof buffer, messages, BATCH, &received, -1));
    }
}

__attribute__((noinline)) static void send_all(memlane_sender sender, size_t bytes) {
    int turn;
    for (turn = 0; turn < TURN; turn++) {
        must(memlane_send(sender, message, bytes, -1));
    }
}

__attribute__((noinline)) static void receive_all(memlane_receiver receiver) {
    char buffer[BYTES_MAX];
    size_t length;
    while (memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, 0) == MEMLANE_OK) {
    }
}

int main(int count, char **arguments) {
    memlane_channel channel;
    memlane_sender sender;
    memlane_receiver receiver;
    memlane_options options;
    int messages;
    size_t bytes;
    if (count != 5 || (bytes = (size_t)atoi(arguments[4])) > BYTES_MAX) {
        return 2;
    }
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    if (strcmp(arguments[2], "mpmc") == 0) {
        options.slots = 4096;
        must(memlane_channel_private(&channel, MEMLANE_MPMC, &options));
    } else {
        options.capacity = 4 << 20;
        must(memlane_channel_private(&channel, MEMLANE_SPSC, &options));
    }
    must(memlane_sender_new(channel, &sender));
    must(memlane_receiver_new(channel, NULL, &receiver));
    for (messages = atoi(arguments[3]); messages > 0; messages -= TURN) {
        if (strcmp(arguments[1], "send") == 0) {
            hot_send(sender, bytes);
            receive_all(receiver);
        } else if (strcmp(arguments[1], "send_batch") == 0) {
            hot_send_batch(sender, bytes);
            receive_all(receiver);
        } else if (strcmp(arguments[1], "recv_batch") == 0) {
            send_all(sender, bytes);
            hot_recv_batch(receiver);
        } else {
            send_all(sender, bytes);
            hot_recv(receiver, bytes);
        }
    }
    return 0;
}
