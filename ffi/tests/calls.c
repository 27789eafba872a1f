/* The interface as C and C++ see it: every type and call once, and what a program can do wrong. Exits with 0, or says
 * what is not as it should be. */
#define _GNU_SOURCE 1
#include "memlane.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static memlane_options small_options(uint32_t kind) {
    memlane_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.max_message = 100;
    if (kind == MEMLANE_MPMC) {
        options.slots = 4;
    } else {
        options.capacity = 4096;
    }
    return options;
}

static void ends(uint32_t kind, memlane_channel *channel, memlane_sender *sender, memlane_receiver *receiver) {
    memlane_options options = small_options(kind);
    OK(memlane_channel_private(channel, kind, &options));
    OK(memlane_sender_new(*channel, sender));
    OK(memlane_receiver_new(*channel, NULL, receiver));
}

static void close_all(memlane_channel channel, memlane_sender sender, memlane_receiver receiver) {
    OK(memlane_sender_close(sender));
    OK(memlane_receiver_close(receiver));
    OK(memlane_channel_close(channel));
}

static void messages(uint32_t kind) {
    memlane_channel channel;
    memlane_sender sender;
    memlane_receiver receiver;
    memlane_grant grant, stale_grant;
    memlane_message message, stale_message;
    memlane_message_info info;
    memlane_stats stats;
    memlane_counters counters;
    memlane_bytes batch[3];
    struct iovec places[2];
    char text[] = "first";
    memlane_batch taken;
    memlane_batch_message parts[3];
    char buffer[100];
    size_t length = 0, count = 0;

    ends(kind, &channel, &sender, &receiver);
    OK(memlane_sender_set_strategy(sender, MEMLANE_PARK));
    OK(memlane_receiver_set_strategy(receiver, MEMLANE_SPIN_THEN_YIELD));
    OK(memlane_sender_set_priority(sender, 0));
    OK(memlane_sender_wait_for_peer(sender, 0));
    OK(memlane_receiver_wait_for_peer(receiver, -1));
    OK(memlane_sender_is_disconnected(sender));
    OK(memlane_receiver_is_disconnected(receiver));
    OK(memlane_channel_peers(channel, &length, &count));
    CHECK(length == 1 && count == 1);
    OK(memlane_channel_free_seats(channel, NULL, &count));
    OK(memlane_channel_len(channel, &length));
    OK(memlane_channel_room(channel, &count));
    CHECK(length == 0 && count > 0);

    /* Copies. */
    OK(memlane_send(sender, "copied", 6, -1));
    CHECK(memlane_recv(receiver, buffer, 5, &length, NULL, -1) == MEMLANE_BUFFER_TOO_SMALL && length == 6);
    OK(memlane_recv(receiver, buffer, sizeof buffer, &length, &info, 1000000));
    CHECK(length == 6 && memcmp(buffer, "copied", 6) == 0);
    CHECK(kind == MEMLANE_MPMC ? info.sequence == MEMLANE_UNKNOWN && info.deliveries == 1 : info.sequence == 0);
    CHECK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, 0) == MEMLANE_EMPTY);
    CHECK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, 1000) == MEMLANE_TIMEOUT);
    CHECK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, memlane_left(0)) == MEMLANE_TIMEOUT);
    CHECK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, -2) == MEMLANE_INVALID_ARGUMENT);
    OK(memlane_send(sender, NULL, 0, 0));
    OK(memlane_recv(receiver, NULL, 0, &length, NULL, 0));
    CHECK(length == 0);

    /* In place. */
    OK(memlane_reserve(sender, 100, &grant, 0));
    CHECK(memlane_send(sender, "x", 1, 0) == MEMLANE_HELD);
    memcpy(grant.data, "in place", 8);
    OK(memlane_grant_write(&grant, 3, "PLACE", 5));
    stale_grant = grant;
    CHECK(memlane_commit(&grant, 101) == MEMLANE_OUT_OF_BOUNDS);
    OK(memlane_commit(&grant, 8));
    CHECK(grant.data == NULL && memlane_commit(&stale_grant, 8) == MEMLANE_INVALID_HANDLE);
    OK(memlane_take(receiver, &message, 0));
    CHECK(message.length == 8 && memcmp(message.data, "in PLACE", 8) == 0);
    stale_message = message;
    OK(memlane_message_copy(&message, buffer, sizeof buffer, &length));
    CHECK(length == 8 && memcmp(buffer, "in PLACE", 8) == 0);
    OK(memlane_nack(&message));
    OK(memlane_take(receiver, &message, 0));
    CHECK(kind != MEMLANE_MPMC || message.info.flags == MEMLANE_REDELIVERED);
    CHECK(memlane_ack(&stale_message) == MEMLANE_INVALID_HANDLE);
    OK(memlane_ack(&message));
    OK(memlane_reserve(sender, 1, &grant, 0));
    OK(memlane_abort(&grant));
    OK(memlane_receiver_publish(receiver));

    /* Several at once. */
    batch[0].data = "first";
    batch[0].length = 5;
    batch[1].data = NULL;
    batch[1].length = 0;
    OK(memlane_send_batch(sender, batch, 2, &count, -1));
    CHECK(count == 2);
    OK(memlane_recv_batch(receiver, buffer, sizeof buffer, batch, 3, &count, -1));
    CHECK(count == 2 && batch[0].data == buffer && batch[0].length == 5 && batch[1].length == 0);
    CHECK(memcmp(batch[0].data, "first", 5) == 0);

    places[0].iov_base = text;
    places[0].iov_len = 5;
    places[1].iov_base = NULL;
    places[1].iov_len = 0;
    OK(memlane_send_batch_iov(sender, places, 2, &count, -1));
    CHECK(count == 2);
    places[0].iov_base = buffer;
    places[0].iov_len = sizeof buffer;
    places[1].iov_base = text;
    places[1].iov_len = sizeof text;
    OK(memlane_recv_batch_iov(receiver, places, 2, &count, -1));
    CHECK(count == 2 && places[0].iov_len == 5 && places[1].iov_len == 0);
    CHECK(memcmp(buffer, "first", 5) == 0 && places[1].iov_base == text);

    OK(memlane_send_batch(sender, batch, 2, &count, 0));
    OK(memlane_take_batch(receiver, &taken, parts, 3, 0));
    CHECK(taken.count == 2 && parts[0].length == 5 && memcmp(parts[0].data, "first", 5) == 0);
    OK(memlane_batch_ack_first(&taken, 0));
    CHECK(memlane_batch_ack_at(&taken, 2) == (kind == MEMLANE_MPMC ? MEMLANE_OUT_OF_BOUNDS : MEMLANE_IN_ORDER));
    CHECK(memlane_batch_nack_at(&taken, 2) == (kind == MEMLANE_MPMC ? MEMLANE_OUT_OF_BOUNDS : MEMLANE_IN_ORDER));
    OK(memlane_batch_nack(&taken));
    OK(memlane_take_batch(receiver, &taken, parts, 3, memlane_left(0)));
    CHECK(taken.count == 2 && parts[1].length == 0);
    OK(memlane_batch_ack(&taken));

    /* Figures. */
    stats.size = sizeof stats;
    OK(memlane_channel_stats(channel, &stats));
    CHECK(stats.kind == kind && stats.max_message == 100 && stats.senders == 1 && stats.receivers == 1);
    counters.size = sizeof counters;
    OK(memlane_sender_stats(sender, &counters));
    CHECK(counters.messages == 9 && counters.bytes == 29);
    OK(memlane_receiver_stats(receiver, &counters));
    CHECK(counters.messages == 9 && counters.bytes == 29);

    /* The end: what is in hand goes with its sender or receiver. */
    OK(memlane_send(sender, "last", 4, 0));
    OK(memlane_take(receiver, &message, 0));
    OK(memlane_reserve(sender, 1, &grant, 0));
    close_all(channel, sender, receiver);
    CHECK(memlane_commit(&grant, 1) == MEMLANE_INVALID_HANDLE);
    CHECK(memlane_ack(&message) == MEMLANE_INVALID_HANDLE);
    CHECK(memlane_sender_close(sender) == MEMLANE_INVALID_HANDLE);
    CHECK(memlane_receiver_close(receiver) == MEMLANE_INVALID_HANDLE);
    CHECK(memlane_channel_close(channel) == MEMLANE_INVALID_HANDLE);
    CHECK(strlen(memlane_last_error_detail()) > 10);
    CHECK(strcmp(memlane_strerror(MEMLANE_INVALID_HANDLE), memlane_strerror(MEMLANE_OK)) != 0);
}

static void wrong_types(void) {
    memlane_channel channel, wrong_channel;
    memlane_sender sender, wrong_sender;
    memlane_receiver receiver;
    ends(MEMLANE_MPMC, &channel, &sender, &receiver);
    wrong_sender.id = receiver.id;
    wrong_channel.id = sender.id;
    CHECK(memlane_send(wrong_sender, "x", 1, 0) == MEMLANE_INVALID_HANDLE);
    CHECK(memlane_channel_close(wrong_channel) == MEMLANE_INVALID_HANDLE);
    wrong_sender.id = 0;
    CHECK(memlane_send(wrong_sender, "x", 1, 0) == MEMLANE_INVALID_HANDLE);
    close_all(channel, sender, receiver);
}

/* Names, and what is found under them. */
static void names(const char *name) {
    memlane_channel channel;
    memlane_stats stats;
    CHECK(memlane_channel_open(&channel, name, MEMLANE_SPSC, MEMLANE_OPEN, NULL) == MEMLANE_NOT_FOUND);
    CHECK(memlane_channel_open(&channel, name, MEMLANE_SPSC, MEMLANE_OPEN_OR_CREATE, NULL) == MEMLANE_CREATED);
    OK(memlane_channel_close(channel));
    CHECK(memlane_channel_open(&channel, name, MEMLANE_SPSC, MEMLANE_CREATE, NULL) == MEMLANE_ALREADY_EXISTS);
    CHECK(memlane_channel_open(&channel, name, MEMLANE_MPMC, MEMLANE_OPEN, NULL) == MEMLANE_WRONG_KIND);
    CHECK(memlane_channel_open(NULL, name, MEMLANE_SPSC, MEMLANE_OPEN, NULL) == MEMLANE_INVALID_ARGUMENT);
    stats.size = sizeof stats;
    OK(memlane_inspect(name, &stats));
    CHECK(stats.capacity == 1 << 20 && stats.state == MEMLANE_STATE_LIVE && strlen(stats.instance) == 32);
    OK(memlane_channel_open(&channel, name, MEMLANE_SPSC, MEMLANE_OPEN, NULL));
    OK(memlane_channel_shutdown(channel));
    OK(memlane_channel_remove(channel));
    OK(memlane_channel_close(channel));
    CHECK(memlane_remove(name) == MEMLANE_NOT_FOUND && memlane_remove_forced(name) == MEMLANE_NOT_FOUND);
}

/* A message of a typed channel, and what it is called in all programs. */
struct order {
    uint64_t id;
    double px;
};
#define ORDER "Order{id:u64@0,px:f64@8}#16/8"

static void types(const char *name) {
    memlane_channel channel, other;
    memlane_sender sender;
    memlane_receiver receiver;
    memlane_message message;
    memlane_options options, wrong;
    memlane_stats stats;
    struct order order, copy;
    size_t length = 0;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.type_name = ORDER;
    OK(memlane_channel_open(&channel, name, MEMLANE_MPMC, MEMLANE_CREATE, &options));
    wrong = options;
    wrong.type_name = "Order{px:f64@0,id:u64@8}#16/8";
    CHECK(memlane_channel_open(&other, name, MEMLANE_MPMC, MEMLANE_OPEN, &wrong) == MEMLANE_TYPE_MISMATCH);
    CHECK(strstr(memlane_last_error_detail(), ORDER) != NULL);
    CHECK(strstr(memlane_last_error_detail(), wrong.type_name) != NULL);
    wrong.type_name = "";
    CHECK(memlane_channel_open(&other, name, MEMLANE_MPMC, MEMLANE_OPEN, &wrong) == MEMLANE_TYPE_MISMATCH);
    OK(memlane_channel_open(&other, name, MEMLANE_MPMC, MEMLANE_OPEN, &options));
    OK(memlane_channel_close(other));
    OK(memlane_channel_open(&other, name, MEMLANE_ANY_KIND, MEMLANE_OPEN, NULL)); /* tools need no type */
    OK(memlane_channel_close(other));

    stats.size = sizeof stats;
    OK(memlane_inspect(name, &stats));
    CHECK(strcmp(stats.type_name, ORDER) == 0 && stats.type_form == MEMLANE_TYPE_ONE && stats.type_hash != 0);
    CHECK(stats.type_size == sizeof(struct order) && stats.max_message == sizeof(struct order));

    OK(memlane_sender_new(channel, &sender));
    OK(memlane_receiver_new(channel, NULL, &receiver));
    order.id = 7;
    order.px = 0.5;
    OK(memlane_send(sender, &order, sizeof order, -1));
    OK(memlane_take(receiver, &message, -1));
    CHECK(message.length == sizeof order && ((const struct order *)message.data)->px == 0.5);
    OK(memlane_nack(&message));
    OK(memlane_recv(receiver, &copy, sizeof copy, &length, NULL, -1));
    CHECK(length == sizeof copy && copy.id == 7);
    close_all(channel, sender, receiver);
    OK(memlane_remove(name));
}

static void *wait_for_a_message(void *argument) {
    memlane_receiver *receiver = (memlane_receiver *)argument;
    char buffer[8];
    size_t length;
    memlane_status status;
    do {
        status = memlane_recv(*receiver, buffer, sizeof buffer, &length, NULL, -1);
    } while (status == MEMLANE_BUSY);
    OK(status);
    return NULL;
}

/* A thread that waits inside keeps others out, and is not disturbed by them. */
static void threads(uint32_t kind) {
    memlane_channel channel;
    memlane_sender sender;
    memlane_receiver receiver;
    pthread_t thread;
    ends(kind, &channel, &sender, &receiver);
    CHECK(pthread_create(&thread, NULL, wait_for_a_message, &receiver) == 0);
    while (memlane_receiver_publish(receiver) != MEMLANE_BUSY) {
        sched_yield();
    }
    CHECK(memlane_receiver_close(receiver) == MEMLANE_BUSY);
    OK(memlane_send(sender, "wake up", 7, -1));
    CHECK(pthread_join(thread, NULL) == 0);
    close_all(channel, sender, receiver);
}

/* An anonymous channel, handed to a child that opens it as its own. */
static void forks(uint32_t kind) {
    memlane_options options = small_options(kind);
    memlane_channel channel, own;
    memlane_sender sender, own_sender;
    memlane_receiver receiver;
    char buffer[8];
    size_t length;
    int region, locks, status;
    pid_t child;
    OK(memlane_channel_anonymous(&channel, kind, &options));
    OK(memlane_channel_descriptors(channel, &region, &locks));
    OK(memlane_receiver_new(channel, NULL, &receiver));
    if (kind == MEMLANE_MPMC) {
        OK(memlane_sender_new(channel, &sender));
    }
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, 0) == MEMLANE_FORKED);
        if (kind == MEMLANE_MPMC) {
            CHECK(memlane_send(sender, "x", 1, 0) == MEMLANE_FORKED);
        }
        OK(memlane_channel_open_descriptors(&own, kind, region, locks, NULL));
        OK(memlane_sender_new(own, &own_sender));
        OK(memlane_send(own_sender, "child", 5, -1));
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    OK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, -1));
    CHECK(length == 5 && memcmp(buffer, "child", 5) == 0);
    if (kind == MEMLANE_MPMC) {
        OK(memlane_sender_close(sender));
    }
    OK(memlane_receiver_close(receiver));
    OK(memlane_channel_close(channel));
    close(region);
    close(locks);
}

/* A stream: more than fits at once, read in pieces of another size, and its two ends. */
static void *writes(void *writer) {
    char bytes[1000];
    size_t written, part;
    memset(bytes, 'w', sizeof bytes);
    for (part = 0; part < 50; part++) {
        OK(memlane_pipe_write(*(memlane_pipe_writer *)writer, bytes, sizeof bytes, -1, &written));
        CHECK(written == sizeof bytes);
    }
    OK(memlane_pipe_writer_close(*(memlane_pipe_writer *)writer));
    return NULL;
}

static void streams(void) {
    memlane_options options = small_options(MEMLANE_SPSC);
    memlane_channel channel, queue;
    memlane_pipe_writer writer;
    memlane_pipe_reader reader;
    pthread_t thread;
    char buffer[777];
    size_t length, written, sum = 0;
    OK(memlane_channel_private(&channel, MEMLANE_SPSC, &options));
    OK(memlane_pipe_writer_new(channel, &writer));
    CHECK(memlane_pipe_writer_new(channel, &writer) == MEMLANE_ROLE_TAKEN);
    OK(memlane_pipe_reader_new(channel, &reader));
    CHECK(memlane_pipe_read(reader, buffer, sizeof buffer, 0, &length) == MEMLANE_EMPTY);
    CHECK(memlane_pipe_read(reader, buffer, sizeof buffer, 1, &length) == MEMLANE_TIMEOUT);
    CHECK(pthread_create(&thread, NULL, writes, &writer) == 0);
    do {
        OK(memlane_pipe_read(reader, buffer, sizeof buffer, -1, &length));
        CHECK(length == 0 || (buffer[0] == 'w' && buffer[length - 1] == 'w'));
        sum += length;
    } while (length > 0);
    CHECK(sum == 50000);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(memlane_pipe_write(writer, buffer, 1, 0, &written) == MEMLANE_INVALID_HANDLE);
    OK(memlane_pipe_reader_close(reader));
    CHECK(memlane_pipe_read(reader, buffer, sizeof buffer, 0, &length) == MEMLANE_INVALID_HANDLE);
    OK(memlane_channel_close(channel));
    options = small_options(MEMLANE_MPMC);
    OK(memlane_channel_private(&queue, MEMLANE_MPMC, &options));
    CHECK(memlane_pipe_writer_new(queue, &writer) == MEMLANE_WRONG_KIND);
    CHECK(memlane_pipe_reader_new(queue, &reader) == MEMLANE_WRONG_KIND);
    OK(memlane_channel_close(queue));
}

/* One sender and two receivers, of which one reads nothing until it is overtaken. */
static void fans(void) {
    memlane_options options = small_options(MEMLANE_BROADCAST);
    memlane_channel channel, lane;
    memlane_sender sender;
    memlane_receiver receiver, late, other;
    memlane_message_info info;
    char buffer[100];
    size_t length;
    int sent;
    options.policy = MEMLANE_POLICY_OVERWRITE;
    OK(memlane_channel_private(&channel, MEMLANE_BROADCAST, &options));
    OK(memlane_sender_new(channel, &sender));
    OK(memlane_receiver_new(channel, NULL, &receiver));
    for (sent = 0; sent < 1000; sent++) {
        OK(memlane_send(sender, "hello", 5, 0));
    }
    CHECK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, 0) == MEMLANE_LAGGED);
    OK(memlane_recv(receiver, buffer, sizeof buffer, &length, NULL, 0));
    CHECK(length == 5 && memcmp(buffer, "hello", 5) == 0);
    OK(memlane_receiver_new_from(channel, MEMLANE_START_LAST, 3, &late));
    OK(memlane_recv(late, buffer, sizeof buffer, &length, &info, 0));
    CHECK(info.sequence == 997);
    OK(memlane_receiver_close(late));
    CHECK(memlane_receiver_new_from(channel, MEMLANE_START_AT, 1001, &late) == MEMLANE_INVALID_ARGUMENT);
    CHECK(memlane_receiver_new_from(channel, 77, 0, &late) == MEMLANE_INVALID_ARGUMENT);
    OK(memlane_receiver_new_named(channel, "archive", MEMLANE_START_LAST, 2, &late));
    OK(memlane_recv(late, buffer, sizeof buffer, &length, &info, 0));
    CHECK(info.sequence == 998);
    CHECK(memlane_receiver_new(channel, "archive", &other) == MEMLANE_NAME_TAKEN);
    CHECK(memlane_forget(channel, "archive") == MEMLANE_IN_USE);
    OK(memlane_receiver_close(late));
    OK(memlane_receiver_new(channel, "archive", &late));
    OK(memlane_recv(late, buffer, sizeof buffer, &length, &info, 0));
    CHECK(info.sequence == 999);
    OK(memlane_receiver_close(late));
    OK(memlane_forget(channel, "archive"));
    CHECK(memlane_forget(channel, "archive") == MEMLANE_UNKNOWN_NAME);
    close_all(channel, sender, receiver);
    options = small_options(MEMLANE_SPSC);
    OK(memlane_channel_private(&lane, MEMLANE_SPSC, &options));
    CHECK(memlane_receiver_new_from(lane, MEMLANE_START_NOW, 0, &receiver) == MEMLANE_WRONG_KIND);
    CHECK(memlane_receiver_new(lane, "archive", &receiver) == MEMLANE_WRONG_KIND);
    OK(memlane_channel_close(lane));
}

static void *wait_for_a_change(void *argument) {
    memlane_getter *getter = (memlane_getter *)argument;
    char text[8];
    size_t length;
    OK(memlane_changed(*getter, text, sizeof text, &length, -1));
    CHECK(length == 6 && memcmp(text, "second", 6) == 0);
    return NULL;
}

/* One sender and one receiver of a value, with seats. */
static void values(void) {
    memlane_options options = small_options(MEMLANE_WATCH);
    memlane_channel channel, lane;
    memlane_setter setter, second_setter;
    memlane_getter getter, second_getter;
    uint64_t version;
    uint32_t has_changed;
    size_t length;
    char text[8];
    pthread_t thread;

    options.capacity = 0;
    options.max_message = 8;
    options.receivers = 1;
    OK(memlane_channel_private(&channel, MEMLANE_WATCH, &options));
    OK(memlane_setter_new(channel, &setter));
    CHECK(memlane_setter_new(channel, &second_setter) == MEMLANE_ROLE_TAKEN);
    OK(memlane_getter_new(channel, &getter));
    CHECK(memlane_getter_new(channel, &second_getter) == MEMLANE_ROLE_TAKEN);
    CHECK(memlane_get(getter, text, sizeof text, &length) == MEMLANE_EMPTY);
    CHECK(memlane_changed(getter, text, sizeof text, &length, 0) == MEMLANE_EMPTY);
    CHECK(memlane_changed(getter, text, sizeof text, &length, 1000) == MEMLANE_TIMEOUT);
    CHECK(memlane_set(setter, "too long.", 9, NULL) == MEMLANE_TOO_LARGE);
    OK(memlane_set(setter, "first", 5, &version));
    CHECK(version == 1);
    OK(memlane_has_changed(getter, &has_changed));
    CHECK(has_changed == 1);
    CHECK(memlane_get(getter, text, 3, &length) == MEMLANE_BUFFER_TOO_SMALL && length == 5);
    OK(memlane_version_seen(getter, &version));
    CHECK(version == 0); /* it stays unseen */
    OK(memlane_get(getter, text, sizeof text, &length));
    CHECK(length == 5 && memcmp(text, "first", 5) == 0);
    OK(memlane_version_seen(getter, &version));
    OK(memlane_has_changed(getter, &has_changed));
    CHECK(version == 1 && has_changed == 0);

    CHECK(pthread_create(&thread, NULL, wait_for_a_change, &getter) == 0);
    OK(memlane_set(setter, "second", 6, &version));
    CHECK(pthread_join(thread, NULL) == 0 && version == 2);
    OK(memlane_set(setter, NULL, 0, NULL));
    OK(memlane_changed(getter, NULL, 0, &length, -1));
    CHECK(length == 0);
    OK(memlane_setter_close(setter));
    CHECK(memlane_set(setter, "third", 5, NULL) == MEMLANE_INVALID_HANDLE);
    CHECK(memlane_changed(getter, text, sizeof text, &length, -1) == MEMLANE_DISCONNECTED);
    OK(memlane_get(getter, text, sizeof text, &length)); /* the value stays */
    OK(memlane_setter_new(channel, &setter));
    OK(memlane_set(setter, "fourth", 6, &version));
    CHECK(version == 4);
    OK(memlane_setter_close(setter));
    OK(memlane_getter_close(getter));
    CHECK(memlane_getter_close(getter) == MEMLANE_INVALID_HANDLE);
    OK(memlane_channel_close(channel));

    options = small_options(MEMLANE_SPSC);
    OK(memlane_channel_private(&lane, MEMLANE_SPSC, &options));
    CHECK(memlane_setter_new(lane, &setter) == MEMLANE_WRONG_KIND);
    CHECK(memlane_getter_new(lane, &getter) == MEMLANE_WRONG_KIND);
    OK(memlane_channel_close(lane));
}

/* Without a seat: a broadcast's messages, and a watch's value. */
static void looks_on(const char *name) {
    memlane_options options = small_options(MEMLANE_BROADCAST);
    memlane_channel channel;
    memlane_sender sender;
    memlane_setter setter;
    memlane_getter getter;
    memlane_onlooker onlooker;
    uint64_t next, lost;
    uint32_t has_changed;
    size_t length;
    char text[8];

    CHECK(memlane_onlooker_open(&onlooker, name, NULL, MEMLANE_START_NOW, 0) == MEMLANE_NOT_FOUND);
    OK(memlane_channel_open(&channel, name, MEMLANE_BROADCAST, MEMLANE_CREATE, &options));
    OK(memlane_sender_new(channel, &sender));
    OK(memlane_onlooker_open(&onlooker, name, NULL, MEMLANE_START_NOW, 0));
    CHECK(memlane_onlooker_recv(onlooker, text, sizeof text, &length, 0) == MEMLANE_EMPTY);
    OK(memlane_send(sender, "first", 5, 0));
    CHECK(memlane_onlooker_recv(onlooker, text, 3, &length, 0) == MEMLANE_BUFFER_TOO_SMALL && length == 5);
    OK(memlane_onlooker_recv(onlooker, text, sizeof text, &length, -1));
    CHECK(length == 5 && memcmp(text, "first", 5) == 0);
    for (next = 0; next < 1000; next++) {
        OK(memlane_send(sender, &next, sizeof next, 0));
    }
    CHECK(memlane_onlooker_recv(onlooker, text, sizeof text, &length, 0) == MEMLANE_LAGGED);
    OK(memlane_onlooker_position(onlooker, &next, &lost));
    CHECK(lost > 0 && next == lost + 1);
    OK(memlane_onlooker_recv(onlooker, &lost, sizeof lost, &length, 0));
    CHECK(length == sizeof lost && lost == next - 1);
    OK(memlane_onlooker_close(onlooker));
    CHECK(memlane_onlooker_close(onlooker) == MEMLANE_INVALID_HANDLE);
    OK(memlane_sender_close(sender));
    OK(memlane_channel_remove(channel));
    OK(memlane_channel_close(channel));

    OK(memlane_channel_open(&channel, name, MEMLANE_WATCH, MEMLANE_CREATE, NULL));
    OK(memlane_setter_new(channel, &setter));
    OK(memlane_getter_open_read_only(&getter, name, NULL));
    CHECK(memlane_get(getter, text, sizeof text, &length) == MEMLANE_EMPTY);
    OK(memlane_set(setter, "first", 5, &next));
    OK(memlane_has_changed(getter, &has_changed));
    OK(memlane_changed(getter, text, sizeof text, &length, 0));
    CHECK(next == 1 && has_changed == 1 && length == 5 && memcmp(text, "first", 5) == 0);
    OK(memlane_get(getter, text, sizeof text, &length));
    OK(memlane_version_seen(getter, &next));
    CHECK(next == 1);
    OK(memlane_getter_close(getter));
    OK(memlane_setter_close(setter));
    OK(memlane_channel_remove(channel));
    OK(memlane_channel_close(channel));
}

int main(int count, char **arguments) {
    static const uint32_t kinds[] = {MEMLANE_SPSC, MEMLANE_MPMC, MEMLANE_MPSC, MEMLANE_BROADCAST};
    size_t kind;
    CHECK(count == 2); /* the path of a channel that does not exist */
    for (kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        messages(kinds[kind]);
        threads(kinds[kind]);
        forks(kinds[kind]);
    }
    streams();
    fans();
    values();
    wrong_types();
    types(arguments[1]);
    names(arguments[1]);
    looks_on(arguments[1]);
    return 0;
}
