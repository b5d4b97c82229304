package main

type screenCommand struct{}
type synthCommand struct{}

func (c *screenCommand) Run(s *streams) error { return nil }
func (c *synthCommand) Run(s *streams) error  { return nil }
