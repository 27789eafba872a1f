// Boost.Interprocess's message_queue through functions that Rust can call: no exception leaves them.

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/interprocess/permissions.hpp>

namespace interprocess = boost::interprocess;
using Queue = interprocess::message_queue;

extern "C" {

// A new queue in shared memory; null if there is one already, or it cannot be made.
void *boost_queue_create(const char *name, std::size_t messages, std::size_t bytes) {
    try {
        return new Queue(interprocess::create_only, name, messages, bytes);
    } catch (...) {
        return nullptr;
    }
}

// The queue that somebody else created; null if there is none.
void *boost_queue_open(const char *name) {
    try {
        return new Queue(interprocess::open_only, name);
    } catch (...) {
        return nullptr;
    }
}

// Takes the queue's name away. Who has it open keeps it.
bool boost_queue_remove(const char *name) { return Queue::remove(name); }

void boost_queue_close(void *queue) { delete static_cast<Queue *>(queue); }

// Waits while the queue is full: asleep, or by trying again and again.
bool boost_queue_send(void *queue, const void *message, std::size_t bytes, bool spins) {
    try {
        auto &to = *static_cast<Queue *>(queue);
        if (!spins) {
            to.send(message, bytes, 0);
            return true;
        }
        while (!to.try_send(message, bytes, 0)) {
        }
        return true;
    } catch (...) {
        return false;
    }
}

// Waits while the queue is empty, in the same way. How many bytes the message had; the largest number on failure.
std::size_t boost_queue_receive(void *queue, void *message, std::size_t room, bool spins) {
    try {
        auto &from = *static_cast<Queue *>(queue);
        Queue::size_type bytes = 0;
        unsigned priority = 0;
        if (!spins) {
            from.receive(message, room, bytes, priority);
            return bytes;
        }
        while (!from.try_receive(message, room, bytes, priority)) {
        }
        return bytes;
    } catch (...) {
        return static_cast<std::size_t>(-1);
    }
}
}
