// A function without a body compiles only in a package that has an assembly file.
