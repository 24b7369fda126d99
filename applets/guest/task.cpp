#include "applets/guest/task.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <filesystem>

#include "applets/guest/console.h"
#include "applets/guest/disks.h"
#include "base/unique_fd.h"
#include "sys/mounts.h"

namespace guest {
namespace {

constexpr const char* kPort = "org.incusbox.task";
constexpr const char* kTerminal = "/dev/hvc0";

std::string port_device() {
  std::error_code error;
  for (const auto& port : std::filesystem::directory_iterator("/sys/class/virtio-ports", error)) {
    auto name = read_file(port.path() / "name", 256);
    if (name && trim(*name) == kPort) return "/dev/" + port.path().filename().string();
  }
  return "";
}

int run_command(const StringList& command) {
  pid_t pid = start_session(command, kTerminal, "/");
  for (int status = 0; pid > 0;) {
    pid_t ended = waitpid(-1, &status, 0);
    if (ended == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno != EINTR) break;
  }
  return 125;
}

}  // namespace

std::optional<int> run_task() {
  auto text = read_file("/task", 1 << 20);
  if (!text) return std::nullopt;
  StringList command = split(*text, '\0');
  command.pop_back();
  auto modules = read_file("/modules", 4096);
  UniqueFd port(open(port_device().c_str(), O_WRONLY | O_CLOEXEC));
  int code = 125;
  auto entered = enter_shared_root("root");
  if (!entered) return dprintf(port.get(), "error %s\n", entered.error().message().c_str()), code;
  // The output is to come out as it went in.
  if (UniqueFd terminal(open(kTerminal, O_RDWR | O_NOCTTY | O_CLOEXEC)); terminal) {
    termios settings{};
    tcgetattr(terminal.get(), &settings);
    settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    tcsetattr(terminal.get(), TCSANOW, &settings);
  }
  if (modules) (void)sys::bind_mount(*modules, "/lib/modules");
  if (!command.empty()) code = run_command(command);
  dprintf(port.get(), "exit %d\n", code);
  return code;
}

}  // namespace guest
