// Editor start and the edit loop.
#include "applets/cli/editor.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <print>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "base/write_all.h"

namespace cli {

namespace {

bool in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path ? path : "/usr/bin:/bin", ':')) {
    if (access(std::format("{}/{}", folder, program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

Result<StringList> editor_command() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);
    if (value && *value) return split_list(value, ' ');
  }
  for (const char* program : {"editor", "vi", "emacs", "nano"}) {
    if (in_path(program)) return StringList{program};
  }
  return fail(Code::internal, "No text editor found, please set the EDITOR environment variable");
}

struct TemporaryFile {
  std::string path;
  ~TemporaryFile() {
    if (!path.empty()) unlink(path.c_str());
  }
};

}  // namespace

bool stdin_is_terminal() { return isatty(STDIN_FILENO); }
bool stdout_is_terminal() { return isatty(STDOUT_FILENO); }

Result<std::string> read_stdin() {
  std::string text;
  char buffer[65536];
  for (;;) {
    ssize_t count = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("Can't read from stdin");
    if (count == 0) return text;
    text.append(buffer, count);
    if (text.size() > 64u << 20) return fail(Code::too_large, "The document on standard input is larger than 64 MiB");
  }
}

Result<> edit_file(const std::string& path) {
  StringList words = TRY(editor_command());
  words.push_back(path);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::fflush(stdout);
  pid_t child = fork();
  if (child < 0) return fail_errno("Failed starting the editor");
  if (child == 0) {
    execvp(arguments[0], arguments.data());
    std::fprintf(stderr, "%s: %s\n", arguments[0], std::strerror(errno));
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(Code::internal, "exit status {}", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  return {};
}

Result<std::string> edit_text(const std::string& text) {
  const char* folder = std::getenv("TMPDIR");
  TemporaryFile file{std::format("{}/editor_XXXXXX.yaml", folder && *folder ? folder : "/tmp")};
  UniqueFd fd(mkostemps(file.path.data(), 5, O_CLOEXEC));
  if (!fd) {
    file.path.clear();
    return fail_errno("Failed creating a temporary file");
  }
  if (!write_all(fd.get(), text)) return fail_errno("Failed writing the document");
  fd.reset();
  TRY(edit_file(file.path));
  return read_file(file.path);
}

Result<> edit_until(const std::string& text, const std::function<Result<>(const std::string&)>& apply) {
  if (!stdin_is_terminal()) return apply(TRY(read_stdin()));
  std::string content = TRY(edit_text(text));
  for (;;) {
    Result<> applied = apply(content);
    if (applied) return {};
    std::println(stderr, "Config parsing error: {}", applied.error().message());
    std::println("Press enter to open the editor again or ctrl+c to abort change");
    std::fflush(stdout);
    char key;
    if (read(STDIN_FILENO, &key, 1) != 1) return fail(Code::cancelled, "EOF");
    content = TRY(edit_text(content));
  }
}

}  // namespace cli
