"""Who moves how: the storyboard machine, scripted actions, car following and drivers."""
