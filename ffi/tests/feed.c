/* One end of a channel, for transfers between C and the command `memlane`:
 *
 *     feed send NAME copy|place     each line of standard input is one message
 *     feed recv NAME copy|place     each message becomes one line of standard output
 *
 * The channel has to exist, and may be of any kind. `copy` goes through memlane_send and memlane_recv, with a buffer that grows
 * when it has to; `place` through grants and messages that are taken. */
#define _GNU_SOURCE 1
#include "memlane.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t FOR_EVER = -1;

static void must(memlane_status status) {
    if (status < 0) {
        fprintf(stderr, "%s (%s)\n", memlane_last_error_detail(), memlane_strerror(status));
        exit(1);
    }
}

static void send_lines(memlane_channel channel, int in_place) {
    memlane_sender sender;
    memlane_grant grant;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    must(memlane_sender_new(channel, &sender));
    while ((length = getline(&line, &room, stdin)) > 0) {
        size_t bytes = (size_t)length - (line[length - 1] == '\n');
        if (in_place) {
            must(memlane_reserve(sender, bytes, &grant, FOR_EVER));
            memcpy(grant.data, line, bytes);
            must(memlane_commit(&grant, bytes));
        } else {
            must(memlane_send(sender, line, bytes, FOR_EVER));
        }
    }
    must(memlane_sender_close(sender));
    free(line);
}

static void write_line(const void *data, size_t length) {
    if (fwrite(data, 1, length, stdout) != length || putchar('\n') == EOF) {
        exit(2);
    }
}

static void receive_lines(memlane_channel channel, int in_place) {
    memlane_receiver receiver;
    memlane_message message;
    memlane_status status;
    size_t room = 16, length;
    char *buffer = (char *)malloc(room);
    must(memlane_receiver_new(channel, NULL, &receiver));
    for (;;) {
        if (in_place) {
            status = memlane_take(receiver, &message, FOR_EVER);
        } else {
            status = memlane_recv(receiver, buffer, room, &length, NULL, FOR_EVER);
        }
        if (status == MEMLANE_DISCONNECTED) {
            break;
        }
        if (status == MEMLANE_BUFFER_TOO_SMALL) {
            room = length;
            buffer = (char *)realloc(buffer, room);
            continue;
        }
        must(status);
        if (in_place) {
            write_line(message.data, message.length);
            must(memlane_ack(&message));
        } else {
            write_line(buffer, length);
        }
    }
    must(memlane_receiver_close(receiver));
    free(buffer);
    if (fflush(stdout) == EOF) {
        exit(2);
    }
}

int main(int count, char **arguments) {
    memlane_channel channel;
    int in_place;
    if (count != 4) {
        return 2;
    }
    in_place = strcmp(arguments[3], "place") == 0;
    must(memlane_channel_open(&channel, arguments[2], MEMLANE_ANY_KIND, MEMLANE_OPEN, NULL));
    if (strcmp(arguments[1], "send") == 0) {
        send_lines(channel, in_place);
    } else {
        receive_lines(channel, in_place);
    }
    must(memlane_channel_close(channel));
    return 0;
}
