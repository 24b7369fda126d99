// Files of seeds: one input per line, escaped as in C (\r \n \t \\ \xHH).
#pragma once
#include <fstream>
#include <string>
#include <vector>

inline std::string unescape_seed(const std::string& line) {
  std::string out;
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] != '\\' || at + 1 == line.size()) {
      out += line[at];
      continue;
    }
    char kind = line[++at];
    if (kind == 'x' && at + 2 < line.size()) out += static_cast<char>(std::stoi(line.substr(at + 1, 2), nullptr, 16)), at += 2;
    else out += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
  }
  return out;
}

/// None if the file can't be read.
inline std::vector<std::string> read_seeds(const std::string& path) {
  std::vector<std::string> seeds;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) seeds.push_back(unescape_seed(line));
  return seeds;
}
