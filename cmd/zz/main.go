package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"go.uber.org/zap"

	"palermo/pipeline"
	"palermo/sandbox"
)

func main() {
	sandbox.Main(pipeline.Roles())
	h, err := pipeline.OpenHome(os.Args[1], "")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if len(os.Args) > 2 {
		x, err := h.Explain(context.Background(), os.Args[2])
		b, _ := json.MarshalIndent(x, "", " ")
		fmt.Println(string(b), err)
		if err == nil {
			fmt.Println("differs", x.Differs())
		}
		return
	}
	l, _ := zap.NewDevelopment()
	s, err := h.Run(context.Background(), pipeline.Options{Log: l})
	b, _ := json.MarshalIndent(s, "", " ")
	fmt.Println(string(b), err)
}
