lyricist  L IH1 R AH0 S IH0 S T
