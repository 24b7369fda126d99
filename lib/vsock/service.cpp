#include "vsock/service.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/strings.h"
#include "vsock/device.h"
#include "vsock/vhost_user.h"

namespace vsock {
namespace {

constexpr size_t kMaxCallers = 16;   // daemon connections that have not said their line yet; the oldest goes for a new one
constexpr size_t kLongestLine = 32;

class Service {
 public:
  Service(uint32_t cid, UniqueFd qemu, UniqueFd control, UniqueFd epoll)
      : epoll_(std::move(epoll)),
        control_(std::move(control)),
        user_(std::move(qemu), config_of(cid), handlers()),
        device_(cid, user_.memory(), user_.ring(0), user_.ring(1), epoll_.get()) {}

  Result<> run();

 private:
  struct Caller {
    UniqueFd fd;
    std::string line;
  };

  static std::string config_of(uint64_t cid) { return std::string(reinterpret_cast<const char*>(&cid), sizeof cid); }
  VhostUser::Handlers handlers() {
    return {.started = [this](size_t, int kick) { watch(kick); },
            .stopped = [this](size_t, int kick) { if (kick >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, kick, nullptr); },
            .reset = [this] { device_.reset(); }};
  }

  bool watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 || errno == EEXIST;
  }
  void accept_caller();
  void hear(Caller& caller);
  bool obey(Caller& caller);
  void hear_qemu();
  bool on_event(int fd, uint32_t events);

  UniqueFd epoll_, control_;
  VhostUser user_;
  Device device_;
  std::vector<Caller> callers_;
};

void Service::accept_caller() {
  UniqueFd fd(accept4(control_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd || !watch(fd.get())) return;
  if (callers_.size() >= kMaxCallers) callers_.erase(callers_.begin());
  callers_.push_back({std::move(fd), ""});
}

/// All that QEMU said so far. The daemon may dial because QEMU answered it that the machine goes on: rings that QEMU spoke of before that are to run.
void Service::hear_qemu() {
  char first;  // the sandbox allows no poll(2)
  while (recv(user_.fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0 && user_.serve_one()) {}
}

/// The caller's line is complete: its connection becomes something else. False: it makes no sense.
bool Service::obey(Caller& caller) {
  StringList words = split(caller.line, ' ');
  auto port = words.size() == 2 ? parse_uint(words[1]) : std::nullopt;
  if (!port || *port > UINT32_MAX) return false;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, caller.fd.get(), nullptr);
  hear_qemu();
  if (words[0] == "CONNECT") device_.dial(std::move(caller.fd), static_cast<uint32_t>(*port));
  else if (words[0] == "LISTEN") device_.listen(static_cast<uint32_t>(*port), std::move(caller.fd));
  return false;
}

/// Byte by byte: what follows the line belongs to the stream.
void Service::hear(Caller& caller) {
  char byte;
  ssize_t got;
  while ((got = recv(caller.fd.get(), &byte, 1, MSG_DONTWAIT)) == 1 && byte != '\n' && caller.line.size() < kLongestLine) caller.line += byte;
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 1 && byte == '\n') (void)obey(caller);
  int done = caller.fd.get();
  std::erase_if(callers_, [done](const Caller& other) { return other.fd.get() == done; });
}

/// False: QEMU is gone.
bool Service::on_event(int fd, uint32_t events) {
  if (fd == user_.fd()) return user_.serve_one();
  if (fd == control_.get()) accept_caller();
  else if (auto caller = std::ranges::find_if(callers_, [fd](const Caller& c) { return c.fd.get() == fd; }); caller != callers_.end()) hear(*caller);
  else if (!device_.on_event(fd, events) && (!user_.take_kick(fd) || !(events & EPOLLIN))) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  return true;
}

Result<> Service::run() {
  if (!watch(user_.fd()) || !watch(control_.get())) return fail_errno("epoll_ctl");
  bool more = false;
  for (;;) {
    epoll_event events[32];
    int count = epoll_wait(epoll_.get(), events, 32, more ? 0 : -1);
    if (count < 0 && errno != EINTR) return fail_errno("epoll_wait");
    for (int i = 0; i < count; i++) {
      if (!on_event(events[i].data.fd, events[i].events)) return {};
    }
    more = device_.work();
  }
}

}  // namespace

Result<> run_service(uint32_t cid, UniqueFd qemu, UniqueFd control) {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("epoll_create1");
  Service service(cid, std::move(qemu), std::move(control), std::move(epoll));
  return service.run();
}

}  // namespace vsock
