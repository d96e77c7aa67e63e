module word-limit

go 1.24
