// Values given on the command line.
#pragma once
#include "api/json.h"
#include "applets/cli/usage.h"
#include "base/result.h"
#include "base/strings.h"

namespace cli {

/// The pairs of a `<key>=<value>...` element; the value "-" is read from standard input (once), unless that is a terminal.
Result<StringMap> read_pairs(const Arg& list);
/// "key=value" texts of a repeated flag. Errors: invalid, naming the text.
Result<StringMap> parse_pairs(const StringList& texts, std::string_view problem = "Bad key=value pair");
/// Lines KEY=VALUE of a file; blank lines and # comments are skipped, one pair of quotes around a value is dropped.
Result<StringMap> read_environment_file(const std::string& path);
/// "device,key=value" texts. Errors: invalid.
Result<std::map<std::string, StringMap>> parse_device_overrides(const StringList& texts);
/// A document on standard input if that is no terminal, else null. Errors: invalid.
Result<Json> document_from_stdin();
bool means_stdin(std::string_view path);
bool means_stdout(std::string_view path);

}  // namespace cli
