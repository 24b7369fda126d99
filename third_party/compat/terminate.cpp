// Replaces libstdc++'s verbose terminate handler, which carries a whole demangler.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>

namespace {

void say(const char* text) {
  [[maybe_unused]] ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
}

[[noreturn]] void terminate() {
  say("terminated by an exception: ");
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
    say("none");
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("of an unknown kind");
  }
  say("\n");
  std::abort();
}

}  // namespace

namespace __cxxabiv1 {
extern std::terminate_handler __terminate_handler;
std::terminate_handler __terminate_handler = terminate;
}  // namespace __cxxabiv1
