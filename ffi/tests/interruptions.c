/* Threads that are cancelled, and threads whose signals are handled, inside a call. No call is a cancellation point: the
 * process lives, each call comes to its end, its handle stays usable, and the cancellation takes effect behind it. No wait
 * ends because a handler ran. Exits with 0, or says what is not as it should be; a call that is a cancellation point ends the
 * process ("FATAL: exception not rethrown"). */
#define _GNU_SOURCE 1
#include "memlane.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s (last failure: %s)\n", __FILE__, __LINE__, #condition,                          \
                    memlane_last_error_detail());                                                                      \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#define OK(call) CHECK((call) == MEMLANE_OK)

/* Longer than a slice of a wait, behind which a waiting call looks at files and locks. */
#define LONG_NS 110000000
#define MAX_MESSAGE 100

/* A kind, a backend, the path of a channel that does not exist, and how long a call waits for what the dead had. */
typedef struct scene {
    uint32_t kind;
    uint32_t backend;
    const char *name;
    int64_t timeout_ns;
} scene;

static memlane_options options_of(const scene *at) {
    memlane_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.backend = at->backend;
    options.flags = MEMLANE_TRUST_PEERS;
    options.max_message = MAX_MESSAGE;
    if (at->kind == MEMLANE_SPSC) {
        options.capacity = 4096;
    } else {
        options.slots = 4;
    }
    return options;
}

/* From here on, the first cancellation point of this thread would be its end. */
static void be_cancelled(void) {
    int before;
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before) == 0 && before == PTHREAD_CANCEL_ENABLE);
    CHECK(pthread_cancel(pthread_self()) == 0);
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL) == 0);
}

/* Sends until nothing fits, and then waits for room in vain. */
static void fill(memlane_sender sender, int64_t wait_ns) {
    char bytes[MAX_MESSAGE] = {0};
    memlane_status status;
    do {
        status = memlane_send(sender, bytes, sizeof bytes, 0);
    } while (status == MEMLANE_OK);
    CHECK(status == MEMLANE_FULL);
    CHECK(memlane_send(sender, bytes, sizeof bytes, wait_ns) == MEMLANE_TIMEOUT);
}

/* Receives what there is, and then waits for more in vain. */
static void drain(memlane_receiver receiver, int64_t wait_ns) {
    char buffer[MAX_MESSAGE];
    size_t length;
    memlane_status status;
    do {
        status = memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, 0);
    } while (status == MEMLANE_OK);
    CHECK(status == MEMLANE_EMPTY);
    CHECK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, wait_ns) == MEMLANE_TIMEOUT);
}

/* Every call that sends, receives, or looks; those that wait in vain do so for this long. */
static void use(memlane_channel channel, uint32_t kind, int64_t wait_ns) {
    memlane_sender sender;
    memlane_receiver receiver;
    memlane_grant grant;
    memlane_message message;
    memlane_bytes batch;
    memlane_stats stats;
    memlane_counters counters;
    char buffer[MAX_MESSAGE];
    size_t length;
    memlane_options options;

    OK(memlane_sender_new(channel, &sender));
    OK(memlane_receiver_new(channel, NULL, &receiver));
    OK(memlane_sender_set_strategy(sender, MEMLANE_PARK));
    OK(memlane_sender_set_priority(sender, 0));
    OK(memlane_receiver_set_strategy(receiver, MEMLANE_PARK));
    fill(sender, wait_ns);
    drain(receiver, wait_ns);
    OK(memlane_receiver_set_strategy(receiver, MEMLANE_SPIN_THEN_YIELD));
    drain(receiver, wait_ns);
    OK(memlane_reserve(sender, 8, &grant, LONG_NS));
    OK(memlane_grant_write(&grant, 0, "in place", 8));
    OK(memlane_commit(&grant, 8));
    OK(memlane_reserve(sender, 8, &grant, 0));
    OK(memlane_abort(&grant));
    OK(memlane_take(receiver, &message, LONG_NS));
    OK(memlane_message_copy(&message, buffer, sizeof buffer, &length));
    OK(memlane_nack(&message));
    OK(memlane_take(receiver, &message, 0));
    OK(memlane_ack(&message));
    CHECK(memlane_take(receiver, &message, wait_ns) == MEMLANE_TIMEOUT);
    OK(memlane_receiver_publish(receiver));
    batch.data = "batch";
    batch.length = 5;
    OK(memlane_send_batch(sender, &batch, 1, NULL, -1));
    OK(memlane_recv_batch(receiver, buffer, sizeof buffer, &batch, 1, &length, wait_ns));
    CHECK(memlane_recv_batch(receiver, buffer, sizeof buffer, &batch, 1, &length, wait_ns) == MEMLANE_TIMEOUT);
    stats.size = sizeof stats;
    OK(memlane_channel_stats(channel, &stats));
    counters.size = sizeof counters;
    OK(memlane_sender_stats(sender, &counters));
    OK(memlane_receiver_stats(receiver, &counters));
    CHECK(counters.parks > 0);
    OK(memlane_send(sender, "given up", 8, 0));
    OK(memlane_take(receiver, &message, 0));
    OK(memlane_reserve(sender, 8, &grant, 0));
    CHECK(memlane_channel_shutdown(channel) == MEMLANE_OK);
    OK(memlane_sender_close(sender));
    OK(memlane_receiver_close(receiver));
    /* What fails opens and closes files, too. */
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    CHECK(memlane_channel_open(&channel, "/dev/null/none", kind, MEMLANE_CREATE, &options) < 0);
    CHECK(memlane_channel_open(&channel, "/dev/null", kind, MEMLANE_OPEN, NULL) < 0);
}

/* A channel under a name, without one, and in private memory: made, used, looked at and removed. */
static void *every_call(void *argument) {
    const scene *at = (const scene *)argument;
    memlane_options options = options_of(at), removed_on_close = options_of(at);
    memlane_channel channel, again;
    memlane_stats stats;
    int region, locks;
    be_cancelled();

    OK(memlane_channel_open(&channel, at->name, at->kind, MEMLANE_CREATE, &options));
    CHECK(memlane_channel_open(&again, at->name, at->kind, MEMLANE_CREATE, &options) == MEMLANE_ALREADY_EXISTS);
    OK(memlane_channel_open(&again, at->name, at->kind, MEMLANE_OPEN, &options));
    OK(memlane_channel_close(again));
    OK(memlane_channel_open(&again, at->name, at->kind, MEMLANE_OPEN_OR_CREATE, &options));
    use(again, at->kind, LONG_NS);
    OK(memlane_channel_close(again));
    stats.size = sizeof stats;
    OK(memlane_inspect(at->name, &stats));
    OK(memlane_channel_remove(channel));
    CHECK(memlane_channel_remove(channel) == MEMLANE_NOT_FOUND);
    OK(memlane_channel_close(channel));
    CHECK(memlane_remove(at->name) == MEMLANE_NOT_FOUND);
    OK(memlane_channel_open(&channel, at->name, at->kind, MEMLANE_CREATE, &options));
    OK(memlane_channel_close(channel));
    OK(memlane_remove(at->name));
    OK(memlane_channel_open(&channel, at->name, at->kind, MEMLANE_CREATE, &options));
    OK(memlane_remove_forced(at->name));
    OK(memlane_channel_close(channel));
    removed_on_close.flags |= MEMLANE_REMOVE_ON_CLOSE;
    OK(memlane_channel_open(&channel, at->name, at->kind, MEMLANE_CREATE, &removed_on_close));
    OK(memlane_channel_close(channel));
    CHECK(memlane_inspect(at->name, &stats) == MEMLANE_NOT_FOUND);

    OK(memlane_channel_anonymous(&channel, at->kind, &options));
    OK(memlane_channel_descriptors(channel, &region, &locks)); /* not closed: that is a cancellation point */
    OK(memlane_channel_open_descriptors(&again, at->kind, region, locks, &options));
    use(again, at->kind, LONG_NS);
    OK(memlane_channel_close(again));
    OK(memlane_channel_close(channel));

    OK(memlane_channel_private(&channel, at->kind, &options));
    use(channel, at->kind, 1);
    OK(memlane_channel_close(channel));

    pthread_testcancel();
    return NULL;
}

/* Of the two descriptors that a call makes, only the first can be made: it is closed again. */
static void *half_of_the_descriptors(void *argument) {
    const scene *at = (const scene *)argument;
    memlane_options options = options_of(at);
    memlane_channel channel, again;
    struct rlimit before, enough_for_one;
    int region, locks, first, second;
    be_cancelled();
    OK(memlane_channel_anonymous(&channel, at->kind, &options));
    OK(memlane_channel_descriptors(channel, &region, &locks));
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    OK(memlane_channel_descriptors(channel, &first, &second));
    CHECK(first < second && close(first) == 0 && close(second) == 0);
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    enough_for_one = before;
    enough_for_one.rlim_cur = (rlim_t)second;
    CHECK(setrlimit(RLIMIT_NOFILE, &enough_for_one) == 0);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    CHECK(memlane_channel_descriptors(channel, &first, &second) == MEMLANE_IO);
    CHECK(memlane_channel_open_descriptors(&again, at->kind, region, locks, &options) == MEMLANE_IO);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0 && close(region) == 0 && close(locks) == 0);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    OK(memlane_channel_close(channel));
    pthread_testcancel();
    return NULL;
}

/* A receiver that died with a message in its hands: whoever waits for that message opens the lock file to prove it. */
static void *find_a_dead_one(void *argument) {
    const scene *at = (const scene *)argument;
    memlane_options options = options_of(at);
    memlane_channel channel, own;
    memlane_sender sender;
    memlane_receiver receiver;
    memlane_message message;
    char buffer[MAX_MESSAGE];
    size_t length;
    memlane_status received;
    int ready[2], status;
    char byte;
    pid_t child;

    CHECK(pipe(ready) == 0);
    OK(memlane_channel_open(&channel, at->name, at->kind, MEMLANE_CREATE, &options));
    OK(memlane_sender_new(channel, &sender));
    OK(memlane_send(sender, "orphan", 6, -1));
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        OK(memlane_channel_open(&own, at->name, at->kind, MEMLANE_OPEN, &options));
        OK(memlane_receiver_new(own, NULL, &receiver));
        OK(memlane_take(receiver, &message, -1));
        CHECK(write(ready[1], "x", 1) == 1);
        for (;;) {
            pause();
        }
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    if (at->kind == MEMLANE_MPMC) { /* spsc has one seat, which the successor takes */
        OK(memlane_receiver_new(channel, NULL, &receiver));
    }
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    be_cancelled();
    if (at->kind == MEMLANE_SPSC) {
        OK(memlane_receiver_new(channel, NULL, &receiver));
    }
    do {
        received = memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, at->timeout_ns);
    } while (received == MEMLANE_EMPTY);
    OK(received);
    CHECK(length == 6 && memcmp(buffer, "orphan", 6) == 0);
    OK(memlane_receiver_close(receiver));
    OK(memlane_sender_close(sender));
    OK(memlane_channel_close(channel));
    OK(memlane_remove(at->name));
    pthread_testcancel();
    return NULL;
}

/* What a thread that waits has, and how far it came. */
typedef struct waiter {
    memlane_receiver receiver;
    int64_t timeout_ns;
    memlane_status status;
} waiter;

static void *wait_in_vain(void *argument) {
    waiter *at = (waiter *)argument;
    char buffer[MAX_MESSAGE];
    size_t length;
    do {
        at->status = memlane_recv(at->receiver, buffer, sizeof buffer, &length, NULL, LONG_NS);
    } while (at->status == MEMLANE_BUSY);
    pthread_testcancel();
    at->status = MEMLANE_PANIC; /* was not cancelled */
    return NULL;
}

/* A thread that waits for a message is cancelled: it waits on, returns, and ends then; its receiver serves another. */
static void cancelled_while_it_waits(const scene *at) {
    memlane_options options = options_of(at);
    memlane_channel channel;
    memlane_sender sender;
    waiter one;
    pthread_t thread;
    void *end = NULL;
    char buffer[MAX_MESSAGE];
    size_t length;
    OK(memlane_channel_private(&channel, at->kind, &options));
    OK(memlane_sender_new(channel, &sender));
    OK(memlane_receiver_new(channel, NULL, &one.receiver));
    OK(memlane_receiver_set_strategy(one.receiver, MEMLANE_PARK));
    CHECK(pthread_create(&thread, NULL, wait_in_vain, &one) == 0);
    while (memlane_receiver_publish(one.receiver) != MEMLANE_BUSY) {
        sched_yield();
    }
    CHECK(pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, &end) == 0);
    CHECK(end == PTHREAD_CANCELED && one.status == MEMLANE_TIMEOUT);
    OK(memlane_send(sender, "after", 5, 0));
    OK(memlane_recv(one.receiver, buffer, sizeof buffer, &length, NULL, 0));
    CHECK(length == 5);
    OK(memlane_receiver_close(one.receiver));
    OK(memlane_sender_close(sender));
    OK(memlane_channel_close(channel));
}

/* A thread that waits for a message handles signals: it waits on, until the message comes. */
static volatile sig_atomic_t handled;

static void handle(int number) {
    (void)number;
    handled = handled + 1;
}

static void *wait_for_it(void *argument) {
    waiter *at = (waiter *)argument;
    char buffer[MAX_MESSAGE];
    size_t length;
    do {
        at->status = memlane_recv(at->receiver, buffer, sizeof buffer, &length, NULL, at->timeout_ns);
    } while (at->status == MEMLANE_BUSY);
    return NULL;
}

static void interrupted_while_it_waits(const scene *at, int64_t timeout_ns) {
    memlane_options options = options_of(at);
    memlane_channel channel;
    memlane_sender sender;
    waiter one;
    pthread_t thread;
    int wanted;
    OK(memlane_channel_private(&channel, at->kind, &options));
    OK(memlane_sender_new(channel, &sender));
    OK(memlane_receiver_new(channel, NULL, &one.receiver));
    OK(memlane_receiver_set_strategy(one.receiver, MEMLANE_PARK));
    one.timeout_ns = timeout_ns;
    CHECK(pthread_create(&thread, NULL, wait_for_it, &one) == 0);
    while (memlane_receiver_publish(one.receiver) != MEMLANE_BUSY) {
        sched_yield();
    }
    handled = 0;
    for (wanted = 1; wanted <= 100; wanted++) {
        CHECK(pthread_kill(thread, SIGUSR1) == 0);
        while (handled < wanted) {
            sched_yield();
        }
    }
    CHECK(memlane_receiver_publish(one.receiver) == MEMLANE_BUSY);
    OK(memlane_send(sender, "at last", 7, 0));
    CHECK(pthread_join(thread, NULL) == 0);
    OK(one.status);
    OK(memlane_receiver_close(one.receiver));
    OK(memlane_sender_close(sender));
    OK(memlane_channel_close(channel));
}

/* Runs in a thread of its own, to the cancellation at its end. */
static void in_a_thread(void *(*body)(void *), scene *at) {
    pthread_t thread;
    void *end = NULL;
    CHECK(pthread_create(&thread, NULL, body, at) == 0);
    CHECK(pthread_join(thread, &end) == 0);
    CHECK(end == PTHREAD_CANCELED);
}

int main(int count, char **arguments) {
    const uint32_t backends[] = {MEMLANE_BACKEND_FUTEX, MEMLANE_BACKEND_SEMAPHORE};
    struct sigaction handler;
    scene at;
    int which;
    CHECK(count == 2); /* the path of a channel that does not exist */
    at.name = arguments[1];
    memset(&handler, 0, sizeof handler); /* without SA_RESTART: a system call that waits ends with EINTR */
    handler.sa_handler = handle;
    CHECK(sigaction(SIGUSR1, &handler, NULL) == 0);
    for (which = 0; which < 2; which++) {
        at.backend = backends[which];
        for (at.kind = MEMLANE_SPSC; at.kind <= MEMLANE_MPMC; at.kind++) {
            interrupted_while_it_waits(&at, -1);
            interrupted_while_it_waits(&at, INT64_MAX);
            cancelled_while_it_waits(&at);
            in_a_thread(every_call, &at);
            in_a_thread(half_of_the_descriptors, &at);
            at.timeout_ns = -1;
            in_a_thread(find_a_dead_one, &at);
            at.timeout_ns = 0; /* looks again and again */
            in_a_thread(find_a_dead_one, &at);
        }
    }
    return 0;
}
