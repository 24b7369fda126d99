// Documents the user edits: $VISUAL, $EDITOR or the first editor found; standard input where it is no terminal.
#pragma once
#include <functional>
#include <string>

#include "base/result.h"

namespace cli {

bool stdin_is_terminal();
bool stdout_is_terminal();
/// All of standard input (at most 64 MiB).
Result<std::string> read_stdin();
/// Lets the user edit `text` in a temporary .yaml file; its new content. Errors: internal (no editor, editor failed).
Result<std::string> edit_text(const std::string& text);
/// The same on an existing file.
Result<> edit_file(const std::string& path);
/// Reads a document from standard input if that is no terminal, else edits `text` until `apply` takes it (or the user gives up).
Result<> edit_until(const std::string& text, const std::function<Result<>(const std::string&)>& apply);

}  // namespace cli
