#include "applets/agent/status.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "api/types/instance_state.h"
#include "applets/agent/state.h"
#include "base/strings.h"
#include "base/unique_fd.h"

namespace agent {
namespace {

constexpr const char* kName = "org.linuxcontainers.incus";
constexpr seconds kEvery{5};

/// Where udev makes no links, sysfs tells which port has the name.
std::string port_path() {
  std::string usual = std::string("/dev/virtio-ports/") + kName;
  if (access(usual.c_str(), F_OK) == 0) return usual;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/class/virtio-ports", error)) {
    if (trim(read_file(entry.path() / "name").value_or("")) == kName) return "/dev/" + entry.path().filename().string();
  }
  return "";
}

}  // namespace

void StatusPort::start() { repeat(); }

void StatusPort::repeat() {
  std::string text = "STARTED";
  if (with_state_) text += "\n" + api::dump(machine_state());
  say(text);
  auto next = runtime_.after(kEvery, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->repeat();
  });
  std::lock_guard guard(mutex_);
  if (!stopped_) timer_ = std::move(next);
}

void StatusPort::stop() {
  say("STOPPED");
  std::lock_guard guard(mutex_);
  stopped_ = true;
  timer_.reset();
}

void StatusPort::say(const std::string& text) {
  std::lock_guard guard(mutex_);
  if (stopped_) return;
  std::string path = port_path(), line = text + "\n";
  UniqueFd fd(path.empty() ? -1 : open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (fd) (void)!write(fd.get(), line.data(), line.size());  // the next one comes soon
}

}  // namespace agent
