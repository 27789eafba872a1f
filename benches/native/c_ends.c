/* The ends of round trips between two programs in C: messages of 8 bytes through one channel there and through another one back,
 * by the calls that docs/c.md has for that. Each call here is one trip or many answers, so that what is measured is C's way
 * through memlane and not Rust's way through C. */
#include <memlane.h>
#include <stdlib.h>

typedef struct {
    memlane_channel out, back;
    memlane_sender tx;
    memlane_receiver rx;
} c_ends;

static int open_channel(memlane_channel *channel, const char *name, int creates, size_t capacity) {
    memlane_options options = {.size = sizeof options, .capacity = capacity};
    return memlane_channel_open(channel, name, MEMLANE_SPSC, creates ? MEMLANE_CREATE : MEMLANE_OPEN, &options) >= 0;
}

/* Null if anything fails: c_ends_error says what. Nothing is closed then: the program ends. */
c_ends *c_ends_open(const char *out, const char *back, int creates, size_t capacity) {
    c_ends *ends = calloc(1, sizeof *ends);
    int opened = ends != NULL && open_channel(&ends->out, out, creates, capacity) &&
                 open_channel(&ends->back, back, creates, capacity) &&
                 memlane_sender_new(ends->out, &ends->tx) >= 0 &&
                 memlane_receiver_new(ends->back, NULL, &ends->rx) >= 0 &&
                 memlane_sender_set_strategy(ends->tx, MEMLANE_SPIN) >= 0 &&
                 memlane_receiver_set_strategy(ends->rx, MEMLANE_SPIN) >= 0;
    return opened ? ends : NULL;
}

const char *c_ends_error(void) {
    return memlane_last_error_detail();
}

static int receive(c_ends *ends, uint64_t *number) {
    size_t length;
    return memlane_recv(ends->rx, number, sizeof *number, &length, NULL, -1) == MEMLANE_OK && length == sizeof *number;
}

/* Sends the number and waits for it to come back. 1 if it does, 0 if another one comes, -1 if a call fails. */
int c_ends_trip(c_ends *ends, uint64_t number) {
    uint64_t answer;
    if (memlane_send(ends->tx, &number, sizeof number, -1) != MEMLANE_OK || !receive(ends, &answer)) {
        return -1;
    }
    return answer == number;
}

/* Sends back what comes, so many times. 0, or -1 if a call fails. */
int c_ends_answer(c_ends *ends, uint64_t messages) {
    for (uint64_t i = 0; i < messages; i++) {
        uint64_t number;
        if (!receive(ends, &number) || memlane_send(ends->tx, &number, sizeof number, -1) != MEMLANE_OK) {
            return -1;
        }
    }
    return 0;
}

void c_ends_close(c_ends *ends) {
    memlane_sender_close(ends->tx);
    memlane_receiver_close(ends->rx);
    memlane_channel_close(ends->out);
    memlane_channel_close(ends->back);
    free(ends);
}
